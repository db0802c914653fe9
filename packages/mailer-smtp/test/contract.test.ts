import { mailerContract } from "@countersign/testkit"
import { sinkWorld } from "./SinkWorld.ts"

mailerContract("SMTP", sinkWorld)
