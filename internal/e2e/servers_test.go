package e2e_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/voicepact/gateway/internal/testkit"
)

// server is a PostgreSQL or Redis of a test's own, which it may kill: the shared
// ones of `make test` must live on for the others.
type server struct {
	t       *testing.T
	name    string
	folder  string
	port    string
	command []string
	answers func() error
	cmd     *exec.Cmd
	ended   chan struct{}
}

// startPostgres makes and starts a PostgreSQL with the settings it comes with:
// what it has committed is on disk.
func startPostgres(t *testing.T) *server {
	t.Helper()
	return startPostgresIn(t, serverFolder(t))
}

func startPostgresIn(t *testing.T, folder string) *server {
	t.Helper()
	programs := postgresPrograms(t)
	s := &server{t: t, name: "postgres", folder: folder, port: freePort(t)}
	data := filepath.Join(s.folder, "data")
	initdb := exec.CommandContext(t.Context(), "setpriv", s.lesser(
		filepath.Join(programs, "initdb"), "-D", data, "-U", "voicepact", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")...)
	if said, err := initdb.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v: %s", err, said)
	}
	s.command = s.lesser(filepath.Join(programs, "postgres"), "-D", data, "-p", s.port, "-k", s.folder, "-c", "listen_addresses=127.0.0.1")
	s.answers = func() error {
		db, err := sql.Open("postgres", s.database())
		if err != nil {
			return err
		}
		return errors.Join(db.PingContext(t.Context()), db.Close())
	}
	s.start()
	return s
}

// database is the URL of the server's first database.
func (s *server) database() string {
	return "postgres://voicepact@127.0.0.1:" + s.port + "/postgres?sslmode=disable"
}

// startRedis starts a Redis that keeps nothing on disk unless told to.
func startRedis(t *testing.T) *server {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		lacking(t, "redis-server")
	}
	s := &server{t: t, name: "redis", folder: serverFolder(t), port: freePort(t)}
	s.command = s.lesser("redis-server", "--port", s.port, "--bind", "127.0.0.1", "--dir", s.folder, "--save", "", "--appendonly", "no")
	s.answers = func() error { return s.pong() }
	s.start()
	return s
}

// pong asks by hand: the client's library writes every refused connection to
// standard error.
func (s *server) pong() error {
	conn, err := (&net.Dialer{}).DialContext(s.t.Context(), "tcp", "127.0.0.1:"+s.port)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	answer := make([]byte, len("+PONG"))
	_, err = io.WriteString(conn, "PING\r\n")
	if _, readErr := io.ReadFull(conn, answer); err != nil || readErr != nil || string(answer) != "+PONG" {
		return fmt.Errorf("redis answers %q: %w", answer, errors.Join(err, readErr))
	}
	return nil
}

func (s *server) redisURL() string { return "redis://127.0.0.1:" + s.port }

func (s *server) redis(do func(*redis.Client) error) error {
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:" + s.port, MaxRetries: -1})
	return errors.Join(do(client), client.Close())
}

// start runs the server and waits until it answers. One that was killed leaves
// children behind for a moment, which a new PostgreSQL refuses to live beside.
func (s *server) start() {
	s.t.Helper()
	s.run()
	s.t.Cleanup(s.kill)
	restarts := 0
	testkit.EventuallyEvery(s.t, 20*time.Millisecond, s.name+" answers", func() bool {
		if s.answers() == nil {
			return true
		}
		select {
		case <-s.ended:
			restarts++
			if restarts > 100 {
				said, _ := os.ReadFile(s.log())
				s.t.Fatalf("%s ends whenever it is started:\n%s", s.name, said)
			}
			s.run()
		default:
		}
		return false
	})
}

func (s *server) log() string { return filepath.Join(s.folder, "log") }

func (s *server) run() {
	s.t.Helper()
	log, err := os.OpenFile(s.log(), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.CommandContext(context.WithoutCancel(s.t.Context()), "setpriv", s.command...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		_ = log.Close()
		close(ended)
	}()
	s.cmd, s.ended = cmd, ended
}

// kill ends the server and every process that it has started, as a power cut
// does. PostgreSQL would otherwise end its own children in good order.
func (s *server) kill() {
	select {
	case <-s.ended:
		return
	default:
	}
	s.signal(syscall.SIGSTOP) // it must not have more while they are counted
	for _, child := range s.children() {
		_ = syscall.Kill(child, syscall.SIGKILL)
	}
	s.signal(syscall.SIGKILL)
	<-s.ended
}

func (s *server) signal(signal syscall.Signal) { _ = s.cmd.Process.Signal(signal) }

func (s *server) children() []int {
	// It fails where there are none.
	listed, _ := exec.CommandContext(context.WithoutCancel(s.t.Context()), "pgrep", "-P", strconv.Itoa(s.cmd.Process.Pid)).Output()
	var found []int
	for line := range strings.Lines(string(listed)) {
		if pid, err := strconv.Atoi(strings.TrimSpace(line)); err == nil {
			found = append(found, pid)
		}
	}
	return found
}

// lesser is the command line of setpriv that runs a command as somebody who is
// not root, which PostgreSQL refuses, and ends it when this process dies.
func (s *server) lesser(command ...string) []string {
	var options []string
	if os.Getuid() == 0 {
		owner := serverOwner(s.t)
		options = append(options, "--reuid", owner.Uid, "--regid", owner.Gid, "--clear-groups")
	}
	return append(append(options, "--pdeathsig", "KILL", "--"), command...)
}

func serverOwner(t *testing.T) *user.User {
	t.Helper()
	for _, name := range []string{"postgres", "nobody"} {
		if owner, err := user.Lookup(name); err == nil {
			return owner
		}
	}
	t.Fatal("there is neither a user postgres nor nobody")
	return nil
}

// serverFolder is a folder with a short path, because that of a socket has room
// for about 100 bytes.
func serverFolder(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("setpriv"); err != nil {
		lacking(t, "setpriv (util-linux)")
	}
	folder, err := os.MkdirTemp("/tmp", "voicepact-e2e.") //nolint:usetesting // t.TempDir is too deep
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	ownedByServer(t, folder)
	return folder
}

// ownedByServer gives a folder to the user that servers run as.
func ownedByServer(t *testing.T, folder string) {
	t.Helper()
	if os.Getuid() != 0 {
		return
	}
	uid, err := strconv.Atoi(serverOwner(t).Uid)
	if err := errors.Join(err, os.Chown(folder, uid, -1)); err != nil {
		t.Fatal(err)
	}
}

// postgresPrograms is the folder of the server's programs, which Debian keeps
// out of the PATH.
func postgresPrograms(t *testing.T) string {
	t.Helper()
	folders, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	slices.Sort(folders)
	if file, err := exec.LookPath("initdb"); err == nil {
		folders = append(folders, filepath.Dir(file))
	}
	for _, folder := range slices.Backward(folders) {
		if _, err := os.Stat(filepath.Join(folder, "postgres")); err == nil {
			return folder
		}
	}
	lacking(t, "the programs of PostgreSQL")
	return ""
}

// lacking ends a test that cannot start a server: in CI that is a failure.
func lacking(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is missing, and CI must test this", what)
	}
	t.Skipf("%s is missing", what)
}

// freePort is one that nothing listens on, below those that outgoing connections
// are given: a server that is killed must find it free again.
func freePort(t *testing.T) string {
	t.Helper()
	const lowest, many = 20_000, 12_000
	for range 100 {
		address := fmt.Sprintf("127.0.0.1:%d", lowest+rand.IntN(many))
		listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", address)
		if err != nil {
			continue
		}
		if err := listener.Close(); err != nil {
			t.Fatal(err)
		}
		_, port, _ := strings.Cut(address, ":")
		return port
	}
	t.Fatal("no port is free")
	return ""
}
