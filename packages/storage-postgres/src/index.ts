export { type PostgresOptions, type PostgresPorts, PostgresStorage } from "./PostgresStorage.ts"
export type { PostgresAddress } from "./connection/Settings.ts"
