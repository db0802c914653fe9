// The name that `npx vitest` and the plug-ins of editors look for.
export { default } from "./vitest.workspace.ts"
