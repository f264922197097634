export { cohenKappa, type Kappa } from './kappa';
export { agreements, consistency, disagreements, type Agreement, type Said } from './people';
