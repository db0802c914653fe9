export { type Variable, variables } from "./Config.ts"
export { serve, serveSandbox } from "./Serve.ts"
