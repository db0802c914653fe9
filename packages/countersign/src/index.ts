export { isSenderFailure, type SenderFailure } from "./AsyncSenders.ts"
export * from "./Countersign.ts"
export { type CountersignOptions, createCountersign } from "./createCountersign.ts"
export type { AccountsOption, Dns, Mail, Storage } from "./Options.ts"
