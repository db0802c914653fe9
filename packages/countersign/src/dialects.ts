/**
 * The dialects that `countersign.api` can serve.
 */
export { type Dialect, Native, OpenTransact, Sendmachine, SpaceInvoices } from "@countersign/http"
