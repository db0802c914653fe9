export * from "./Api.ts"
export * from "./Countersign.ts"
export * from "./HttpApp.ts"
