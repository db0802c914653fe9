/**
 * The threads of this package run files of their own, which no bundler puts into a bundle. A bundle of ES modules looks
 * for them where it lies itself, and `Scanner.ts` finds that they are not there. One of CommonJS has no `import.meta`,
 * and does not get as far.
 */
export const outOfBundle = "keep effect and the packages of Countersign out of the bundle"

if (import.meta.url === undefined) {
  throw new Error(`@countersign/storage-sqlite runs threads from files of its own: ${outOfBundle}`)
}
