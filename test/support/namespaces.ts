export { namespace } from '../../tools/cluster/namespace';
export { Passage } from '../../tools/cluster/passage';
