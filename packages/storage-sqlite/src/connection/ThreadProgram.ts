/**
 * The threads of this package run files of their own, and no bundler puts them into a bundle such that they run. Each
 * way of that is told as early as it shows, with what to do: otherwise a store works until its lists are long.
 */
export const outOfBundle = "keep effect and the packages of Countersign out of the bundle"

const refusal = `@countersign/storage-sqlite runs threads from files of its own: ${outOfBundle}`

// A bundle of CommonJS has no `import.meta`, and the next URL that is made of it would throw.
if (import.meta.url === undefined) throw new Error(refusal)

/**
 * The program of a thread. Its URL is written out where it is used, so that tracers of files see that it is needed. Run
 * from the sources, these modules are TypeScript, and so is the thread.
 *
 * @param name a bundler that copies the file, as one of no kind, gives it another
 */
export const threadProgram = (built: URL, name: string): URL => {
  if (!built.pathname.endsWith(`/${name}.js`)) throw new Error(refusal)
  return import.meta.url.endsWith(".ts") ? new URL(built.href.replace(/js$/, "ts")) : built
}
