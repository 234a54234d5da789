// A catalog's databases and a database's tables.
import { useDatabase, useDatabases, useTables } from "../api/queries";
import { Count, Empty, FormatBadge, Link, When } from "../components/basics";
import { ErrorNote, Skeleton } from "../components/feedback";
import { More, PageFrame, Panel } from "../components/layout";
import { href, tableHref, useParam } from "../router";

export function CatalogPage({ catalog }: { catalog: string }) {
  const databases = useDatabases(catalog);
  const items = databases.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <PageFrame title={catalog} badges={<span className="badge">catalog</span>}>
      <Panel title="Databases">
        {databases.error !== null && <ErrorNote error={databases.error} />}
        {databases.isPending && <Skeleton />}
        {databases.data !== undefined && items.length === 0 && (
          <Empty title="No databases yet" command="catalog databases create sales">
            A database holds tables.
          </Empty>
        )}
        {items.length > 0 && (
          <div className="scroll">
            <table className="table">
              <thead>
                <tr>
                  <th>Name</th>
                  <th className="right">Tables</th>
                  <th>Comment</th>
                  <th>Location</th>
                  <th>Created</th>
                </tr>
              </thead>
              <tbody>
                {items.map((database) => (
                  <tr key={database.name}>
                    <td className="name">
                      <Link to={href(["catalogs", catalog, database.name])}>{database.name}</Link>
                    </td>
                    <td className="right">
                      <Count value={database.table_count} />
                    </td>
                    <td className="muted">{database.comment}</td>
                    <td className="mono muted">{database.location}</td>
                    <td className="muted">
                      <When at={database.created_at} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
        <More pages={databases} />
      </Panel>
    </PageFrame>
  );
}

function Tables({ catalog, database }: { catalog: string; database: string }) {
  const [filter, setFilter] = useParam("filter");
  const tables = useTables(catalog, database, filter.trim());
  const items = tables.data?.pages.flatMap((page) => page.items) ?? [];
  const box = (
    <input
      className="input"
      type="search"
      value={filter}
      placeholder="Filter by name"
      aria-label="Filter the tables by name"
      onChange={(event) => setFilter(event.target.value)}
    />
  );
  return (
    <Panel title="Tables" end={box}>
      {tables.error !== null && <ErrorNote error={tables.error} />}
      {tables.isPending && <Skeleton />}
      {tables.data !== undefined &&
        items.length === 0 &&
        tables.error === null &&
        (filter === "" ? (
          <Empty
            title="No tables yet"
            command={`catalog crawlers create ${database} --target file:///data --database ${database}`}
          >
            Let a crawler find them, or create them from any engine.
          </Empty>
        ) : (
          <Empty title={`No table is named like “${filter}”`} />
        ))}
      {items.length > 0 && (
        <div className="scroll">
          <table className="table">
            <thead>
              <tr>
                <th>Name</th>
                <th>Format</th>
                <th className="right">Columns</th>
                <th>Partitioned</th>
                <th>Comment</th>
                <th>Owner</th>
                <th>Updated</th>
              </tr>
            </thead>
            <tbody>
              {items.map((table) => (
                <tr key={table.name}>
                  <td className="name">
                    <Link to={tableHref(catalog, database, table.name)}>{table.name}</Link>
                  </td>
                  <td>
                    <FormatBadge format={table.format} />
                  </td>
                  <td className="right">
                    <Count value={table.column_count} />
                  </td>
                  <td className="muted">{table.partitioned ? "yes" : ""}</td>
                  <td className="muted">{table.comment}</td>
                  <td className="muted">{table.owner}</td>
                  <td className="muted">
                    <When at={table.updated_at ?? table.created_at} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <More pages={tables} />
    </Panel>
  );
}

export function DatabasePage({ catalog, database }: { catalog: string; database: string }) {
  const found = useDatabase(catalog, database);
  return (
    <PageFrame
      title={database}
      crumbs={[{ label: catalog, to: href(["catalogs", catalog]) }]}
      badges={<span className="badge">database</span>}
      lede={found.data?.comment}
      actions={
        <Link className="button" to={href(["sql"], { catalog, database })}>
          Query
        </Link>
      }
    >
      {found.error !== null ? <ErrorNote error={found.error} /> : <Tables catalog={catalog} database={database} />}
    </PageFrame>
  );
}
