/**
 * The operations of the OpenAPI document, with the schemas of their answers from the definition, and which of them a
 * request is for.
 */
import { CountersignApi } from "@countersign/http/api"
import { Schema } from "effect"
import { HttpApi, OpenApi } from "effect/http-api"

export interface JsonSchema {
  readonly [keyword: string]: unknown
}

const Json = Schema.Record(Schema.String, Schema.Unknown)

const OperationObject = Schema.Struct({
  parameters: Schema.optionalKey(
    Schema.Array(Schema.Struct({ name: Schema.String, in: Schema.Literals(["path", "query", "header"]), schema: Json }))
  ),
  requestBody: Schema.optionalKey(
    Schema.Struct({ content: Schema.Record(Schema.String, Schema.Struct({ schema: Json })) })
  ),
  security: Schema.Array(Json),
  responses: Schema.Record(
    Schema.String,
    Schema.Struct({
      // 304 has none.
      content: Schema.optionalKey(Schema.Record(Schema.String, Schema.Struct({ schema: Json })))
    })
  )
})

const Document = Schema.Struct({
  paths: Schema.Record(Schema.String, Schema.Record(Schema.String, OperationObject)),
  components: Schema.Struct({ schemas: Schema.Record(Schema.String, Json) })
})

const document = Schema.decodeUnknownSync(Document)(JSON.parse(JSON.stringify(OpenApi.fromApi(CountersignApi))))

export interface Operation {
  /** `METHOD /path/{parameter}`. */
  readonly name: string
  readonly method: string
  readonly path: string
  readonly parameters: ReadonlyArray<{
    readonly name: string
    readonly in: "path" | "query" | "header"
    readonly schema: JsonSchema
  }>
  readonly bodies: ReadonlyArray<{ readonly mediaType: string; readonly schema: JsonSchema }>
  /** The names of the security schemes; none when nobody has to say who they are. */
  readonly schemes: ReadonlyArray<string>
  /** By status: the media types of the document, and whether the definition has such an answer. */
  readonly answers: ReadonlyMap<
    number,
    { readonly mediaTypes: ReadonlyArray<string>; readonly fits: (body: unknown) => boolean }
  >
}

const schemasOf = (): ReadonlyMap<string, ReadonlyMap<number, ReadonlyArray<Schema.Top>>> => {
  const found = new Map<string, ReadonlyMap<number, ReadonlyArray<Schema.Top>>>()
  HttpApi.reflect(CountersignApi, {
    onGroup: () => {},
    onEndpoint: ({ endpoint, successes, errors }) => {
      const path = endpoint.path.replace(/:(\w+)/g, "{$1}")
      found.set(`${endpoint.method} ${path}`, new Map([...successes, ...errors]))
    }
  })
  return found
}

const makeOperations = (): ReadonlyArray<Operation> => {
  const schemas = schemasOf()
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([lower, operation]): Operation => {
      const method = lower.toUpperCase()
      const name = `${method} ${path}`
      const decoders = (status: number) =>
        (schemas.get(name)?.get(status) ?? []).map((schema) =>
          // The services of a schema are none here: every schema of the definition is plain data.
          Schema.decodeUnknownExit(schema as Schema.Codec<unknown>, { onExcessProperty: "error" })
        )
      const answers = Object.entries(operation.responses).map(([text, { content = {} }]) => {
        const status = Number(text)
        const all = decoders(status)
        const fits = (body: unknown) => all.some((decode) => decode(body)._tag === "Success")
        return [status, { mediaTypes: Object.keys(content), fits }] as const
      })
      return {
        name,
        method,
        path,
        parameters: operation.parameters ?? [],
        bodies: Object.entries(operation.requestBody?.content ?? {}).map(([mediaType, { schema }]) => ({
          mediaType,
          schema
        })),
        schemes: operation.security.flatMap((scheme) => Object.keys(scheme)),
        answers: new Map(answers)
      }
    })
  )
}

/** Every operation of the OpenAPI document. */
export const operations: ReadonlyArray<Operation> = makeOperations()

/** The schema itself, or the one that it refers to. */
export const resolved = (schema: JsonSchema): JsonSchema => {
  const [, name] = /^#\/components\/schemas\/(.+)$/.exec(String(schema.$ref ?? "")) ?? []
  return name === undefined ? schema : { ...schema, ...resolved(document.components.schemas[name] ?? {}) }
}

/** Routes that are in no definition, because they describe it. */
const beside: ReadonlyArray<{ readonly method: string; readonly path: string }> = [
  { method: "GET", path: "/openapi.json" },
  { method: "GET", path: "/docs" }
]

export type Destination =
  | { readonly _tag: "Operation"; readonly operation: Operation }
  /** Described by the words of the definition only. */
  | { readonly _tag: "Beside"; readonly method: string; readonly path: string }
  | { readonly _tag: "WrongMethod"; readonly path: string; readonly methods: ReadonlyArray<string> }
  | { readonly _tag: "Unknown" }

/**
 * As the description of the API says it: paths match in any case, with or without a slash at the end, and GET answers
 * HEAD.
 */
export const destinationOf = (method: string, target: string): Destination => {
  const segments = decodedPath(target)?.toLowerCase().replace(/\/$/, "").split("/")
  if (segments === undefined) return { _tag: "Unknown" }
  const known = [...operations, ...beside].filter(({ path }) => matches(path.split("/"), segments))
  // A path that is written out goes before one with a parameter.
  const [path] = known.map((each) => each.path).sort((a, b) => a.split("{").length - b.split("{").length)
  if (path === undefined) return { _tag: "Unknown" }
  const asked = method === "HEAD" ? "GET" : method
  const operation = operations.find((each) => each.path === path && each.method === asked)
  if (operation !== undefined) return { _tag: "Operation", operation }
  if (known.some((each) => each.path === path && each.method === asked)) return { _tag: "Beside", method: asked, path }
  if (path === "/v1/email-addresses/{id}" && asked === "PATCH") return { _tag: "Beside", method: asked, path }
  return { _tag: "WrongMethod", path, methods: known.filter((each) => each.path === path).map((each) => each.method) }
}

const decodedPath = (target: string): string | undefined => {
  try {
    return decodeURI(target.split(/[?#;]/, 1)[0] ?? "")
  } catch {
    return undefined
  }
}

const matches = (template: ReadonlyArray<string>, segments: ReadonlyArray<string>): boolean =>
  template.length === segments.length &&
  template.every((part, at) => (part.startsWith("{") ? segments[at] !== "" : part === segments[at]))
