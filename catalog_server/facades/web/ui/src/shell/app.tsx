// The frame around every page: top bar, navigation with the tree, and the page that the URL names.
import { Suspense, lazy, useEffect, useRef } from "react";
import { useLiveEvents } from "../api/live";
import { useInfo } from "../api/queries";
import { Empty, Link } from "../components/basics";
import { Skeleton } from "../components/feedback";
import { Icon, type IconName } from "../components/icons";
import { ConnectionPage, ConnectionsPage, NewConnectionPage } from "../pages/connections";
import { CrawlPage } from "../pages/crawl";
import { CrawlerPage, CrawlersPage } from "../pages/crawlers";
import { CatalogPage, DatabasePage } from "../pages/database";
import { HomePage } from "../pages/home";
import { NewCrawlerPage } from "../pages/new_crawler";
import { RunPage } from "../pages/run";
import { SearchPage } from "../pages/search";
import { TablePage } from "../pages/table";
import { segments, useLocation } from "../router";
import { Boundary } from "./boundary";
import { Help } from "./help";
import { SearchBar } from "./searchbar";
import { ThemeToggle } from "./theme";
import { CatalogTree } from "./tree";

const SqlPage = lazy(() => import("../pages/sql"));
const JobsPage = lazy(() => import("../pages/jobs"));

function Route({ path }: { path: string }) {
  const parts = segments(path);
  const [first = "", second, third, fourth] = parts;
  if (parts.length === 0) return <HomePage />;
  if (first === "catalogs" && second !== undefined && parts.length <= 4) {
    if (third === undefined) return <CatalogPage catalog={second} />;
    if (fourth === undefined) return <DatabasePage catalog={second} database={third} />;
    return <TablePage key={path} catalog={second} database={third} table={fourth} />;
  }
  if (parts.length === 1)
    switch (first) {
      case "search":
        return <SearchPage />;
      case "sql":
        return <SqlPage />;
      case "crawlers":
        return <CrawlersPage />;
      case "new-crawler":
        return <NewCrawlerPage />;
      case "jobs":
        return <JobsPage view="list" />;
      case "new-job":
        return <JobsPage view="new" />;
      case "connections":
        return <ConnectionsPage />;
      case "new-connection":
        return <NewConnectionPage />;
    }
  if (parts.length === 2 && second !== undefined)
    switch (first) {
      case "crawlers":
        return <CrawlerPage key={path} name={second} />;
      case "crawls":
        return <CrawlPage key={path} id={second} />;
      case "jobs":
        return <JobsPage key={path} view="one" name={second} />;
      case "runs":
        return <RunPage key={path} id={second} />;
      case "connections":
        return <ConnectionPage key={path} name={second} />;
    }
  return (
    <Empty title="There is no such page">
      <Link to="/">Back to the start</Link>
    </Empty>
  );
}

const PLACES: readonly { to: string; label: string; icon: IconName; owns: readonly string[]; count?: string }[] = [
  { to: "/", label: "Home", icon: "home", owns: [""] },
  { to: "/sql", label: "SQL", icon: "sql", owns: ["sql"] },
  {
    to: "/crawlers",
    label: "Crawlers",
    icon: "crawler",
    owns: ["crawlers", "crawls", "new-crawler"],
    count: "crawlers",
  },
  { to: "/jobs", label: "Jobs", icon: "job", owns: ["jobs", "runs", "new-job"], count: "jobs" },
  {
    to: "/connections",
    label: "Connections",
    icon: "connection",
    owns: ["connections", "new-connection"],
    count: "connections",
  },
];

function Navigation({ first }: { first: string }) {
  const info = useInfo();
  return (
    <nav className="nav" aria-label="Main">
      {PLACES.map((place) => {
        const amount = place.count === undefined ? undefined : info.data?.counts[place.count];
        return (
          <Link key={place.to} to={place.to} aria-current={place.owns.includes(first) ? "page" : undefined}>
            <Icon name={place.icon} />
            {place.label}
            {amount !== undefined && amount > 0 && <span className="number">{amount}</span>}
          </Link>
        );
      })}
    </nav>
  );
}

const LIVE_WORDS = { live: "live", connecting: "connecting", lost: "no connection" } as const;

export function App() {
  const { path } = useLocation();
  const liveness = useLiveEvents();
  const main = useRef<HTMLElement>(null);
  const first = segments(path)[0] ?? "";
  useEffect(() => {
    main.current?.scrollTo(0, 0);
  }, [path]);
  return (
    <div className="shell">
      <a
        className="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        Skip to the page
      </a>
      <header className="topbar">
        <Link to="/" className="brand" aria-label="Catalog, home">
          <img src="/favicon.svg" alt="" width={20} height={20} />
          <span>catalog</span>
        </Link>
        <SearchBar />
        <div className="topbar-end">
          <span className="liveness" data-state={liveness} title="Changes show by themselves while this is live">
            <span>{LIVE_WORDS[liveness]}</span>
          </span>
          <Help />
          <ThemeToggle />
        </div>
      </header>
      <aside className="sidebar">
        <Navigation first={first} />
        <CatalogTree path={path} />
      </aside>
      <main className="main" id="main" ref={main} tabIndex={-1}>
        <Boundary key={path}>
          <Suspense
            fallback={
              <div className="page">
                <Skeleton lines={6} />
              </div>
            }
          >
            <Route path={path} />
          </Suspense>
        </Boundary>
      </main>
    </div>
  );
}
