/** The first schema, as one text. */
import { commitFunction } from "./0001-commit.ts"
import { directoryFunctions } from "./0001-directory.ts"
import { mailFunctions } from "./0001-mails.ts"
import { tables } from "./0001-tables.ts"
import { taskFunctions } from "./0001-tasks.ts"

export const initial = [tables, taskFunctions, directoryFunctions, commitFunction, mailFunctions].join("")
