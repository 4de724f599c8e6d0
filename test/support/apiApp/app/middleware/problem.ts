export { default } from '../../../../../app/middleware/problem';
