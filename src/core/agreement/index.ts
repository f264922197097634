export { cohenKappa, type Kappa } from './kappa';
export { agreements, consistency, disagreements, weightOfDisagreement, type Agreement, type Said } from './people';
