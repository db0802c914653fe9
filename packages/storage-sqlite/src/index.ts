export { type SqliteOptions, type SqlitePorts, SqliteStorage } from "./SqliteStorage.ts"
