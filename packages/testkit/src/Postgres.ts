/**
 * The real PostgreSQL for tests: servers made from nothing (PostgresCluster), and the faults between one and its
 * clients (FaultProxy). Needs nothing but Node and PostgreSQL's programs, so benchmarks and child processes use it too;
 * what registers tests is `onPostgres` in the package's main entry.
 */
export * from "./postgres/FaultProxy.ts"
export {
  findPostgres,
  type PostgresInstallation,
  type PostgresMajor,
  type PostgresMissing,
  postgresMajors
} from "./postgres/Installation.ts"
export * from "./postgres/PostgresCluster.ts"
export * from "./postgres/PostgresServer.ts"
