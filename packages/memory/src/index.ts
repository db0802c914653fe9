export * from "./MemoryDns.ts"
export * from "./MemoryMailer.ts"
export type { MemoryOptions } from "./MemoryState.ts"
export * from "./MemoryStorage.ts"
