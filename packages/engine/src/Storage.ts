/**
 * What storage adapters share, as `@countersign/engine/storage`: rules that every store must keep alike, and rows of
 * SQL as the values of the ports. An adapter of one's own may use any of it and needs none of it: the contract alone
 * says what a storage is.
 */
export * from "./storage/AccountRows.ts"
export * from "./storage/AuditFaults.ts"
export * from "./storage/Columns.ts"
export * from "./storage/EntryRows.ts"
export * from "./storage/EventRows.ts"
export * from "./storage/KeptCounts.ts"
export * from "./storage/Receipts.ts"
export * from "./storage/SigningKeyRows.ts"
export * from "./storage/SnapshotRows.ts"
export * from "./storage/TaskRows.ts"
