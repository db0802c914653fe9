/**
 * The numbers that stand for accounts and owners inside the database. They are given once and never change, so what was
 * read can be remembered, unless the transaction that gave them is rolled back.
 */
import type { DatabaseSync, StatementResultingChanges } from "node:sqlite"
import { type Owner, ownerKey } from "@countersign/core"
import { readInteger } from "@countersign/engine/storage"
import type { Database } from "../connection/Database.ts"
import type { Transaction } from "../connection/Transaction.ts"

export interface SurrogateKeys {
  /** An account that has no number yet is given one. */
  readonly ofAccount: (tx: Transaction, account: string) => number
  /** An owner that has no number yet is given one. `account` is the account's number. */
  readonly ofOwner: (tx: Transaction, account: number, owner: Owner) => number
}

/** More than a process meets in a while; then the memory starts anew. */
const remembered = 10_000

export const makeSurrogateKeys = ({ writer }: Database): SurrogateKeys => {
  const findAccount = writer.prepare("SELECT number FROM account_numbers WHERE account = ?")
  const addAccount = writer.prepare("INSERT INTO account_numbers (account) VALUES (?)")
  const findOwner = writer.prepare("SELECT number FROM owner_numbers WHERE account = ? AND owner_key = ?")
  const addOwner = writer.prepare("INSERT INTO owner_numbers (account, owner_key) VALUES (?, ?)")
  const accounts = new Map<string, number>()
  const owners = new Map<string, number>()

  const forget = () => {
    accounts.clear()
    owners.clear()
  }

  /** The number that was just given. */
  const given = (tx: Transaction, { lastInsertRowid }: StatementResultingChanges): number => {
    tx.afterRollback(forget)
    return Number(lastInsertRowid)
  }

  return {
    ofAccount: (tx, account) => {
      const known = accounts.get(account)
      if (known !== undefined) return known
      const row = findAccount.get(account)
      const number = row === undefined ? given(tx, addAccount.run(account)) : readInteger(row, "number")
      remember(accounts, account, number)
      return number
    },
    ofOwner: (tx, account, owner) => {
      const key = ownerKey(owner)
      const memoryKey = `${account} ${key}`
      const known = owners.get(memoryKey)
      if (known !== undefined) return known
      const row = findOwner.get(account, key)
      const number = row === undefined ? given(tx, addOwner.run(account, key)) : readInteger(row, "number")
      remember(owners, memoryKey, number)
      return number
    }
  }
}

const remember = (numbers: Map<string, number>, key: string, number: number): void => {
  if (numbers.size >= remembered) numbers.clear()
  numbers.set(key, number)
}

/** The numbers as a reader sees them: `undefined` for whoever never had a sender. */
export const makeSurrogateKeyReader = (reader: DatabaseSync) => {
  const findAccount = reader.prepare("SELECT number FROM account_numbers WHERE account = ?")
  const findOwner = reader.prepare("SELECT number FROM owner_numbers WHERE account = ? AND owner_key = ?")
  const accounts = new Map<string, number>()
  const owners = new Map<string, number>()
  return {
    ofAccount: (account: string): number | undefined => {
      const known = accounts.get(account)
      if (known !== undefined) return known
      const row = findAccount.get(account)
      if (row === undefined) return undefined
      const number = readInteger(row, "number")
      remember(accounts, account, number)
      return number
    },
    ofOwner: (account: number, owner: Owner): number | undefined => {
      const key = ownerKey(owner)
      const memoryKey = `${account} ${key}`
      const known = owners.get(memoryKey)
      if (known !== undefined) return known
      const row = findOwner.get(account, key)
      if (row === undefined) return undefined
      const number = readInteger(row, "number")
      remember(owners, memoryKey, number)
      return number
    }
  }
}
