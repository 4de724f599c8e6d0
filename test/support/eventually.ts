export { eventually } from '../../tools/cluster/eventually';
