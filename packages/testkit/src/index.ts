export * from "./arbitraries/Addresses.ts"
