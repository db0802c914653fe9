export * from "./arbitraries/Addresses.ts"
export * from "./arbitraries/Histories.ts"
export type { StorageLayer, StorageOptions, StoragePorts } from "./StorageContract/Clause.ts"
export * from "./StorageContract.ts"
