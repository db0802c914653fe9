export type { PostgresAddress } from "./connection/Settings.ts"
export { type PostgresOptions, type PostgresPorts, PostgresStorage } from "./PostgresStorage.ts"
