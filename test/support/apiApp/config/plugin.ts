export { default } from '../../../../config/plugin';
