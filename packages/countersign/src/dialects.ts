/**
 * The dialects that `countersign.api` can serve.
 */
export { type Dialect, OpenTransact, Sendmachine, SpaceInvoices } from "@countersign/http"
