/**
 * Says of each parameter of an OpenAPI document what its schema says of it: documents are written from schemas, and many
 * readers (generators of clients, linters) look for the description at the parameter only.
 */

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null

const values = (value: unknown): ReadonlyArray<unknown> => (isRecord(value) ? Object.values(value) : [])

export const withParameterDescriptions = (document: Record<string, unknown>): Record<string, unknown> => {
  for (const operation of values(document.paths).flatMap(values)) {
    for (const parameter of isRecord(operation) ? values(operation.parameters) : []) {
      if (!isRecord(parameter) || !isRecord(parameter.schema)) continue
      const [refined] = values(parameter.schema.allOf)
      parameter.description ??= parameter.schema.description ?? (isRecord(refined) ? refined.description : undefined)
    }
  }
  return document
}
