// On its own so that it is loaded on demand, and the published bundle holds no more of client-node than this.
export { KubeConfig } from '@kubernetes/client-node'
