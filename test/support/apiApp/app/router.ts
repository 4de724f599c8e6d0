export { default } from '../../../../app/router';
