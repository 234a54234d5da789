// Which engines read a table, in words.
const NAMES: Readonly<Record<string, string>> = { sql: "The server's SQL", spark: "Spark", trino: "Trino" };

const listed = (names: readonly string[]) =>
  names.length < 2 ? (names[0] ?? "") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;

const parts = (said: string) =>
  said
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");

/** The engines that a parameter `readable_by` names: `sql, spark` is "The server's SQL and Spark". */
export const enginesIn = (said: string) => listed(parts(said).map((part) => NAMES[part] ?? part));

/** Those that it leaves out: of `sql, spark` "Trino". */
export const notFor = (said: string) =>
  listed(
    Object.keys(NAMES)
      .filter((name) => !parts(said).includes(name))
      .map((name) => (name === "sql" ? "the server's SQL" : (NAMES[name] ?? name))),
  );
