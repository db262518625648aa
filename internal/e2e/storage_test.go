package e2e_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/voicepact/gateway/internal/testkit"
)

// tradeThrough lets people trade while storage is broken, mended, and expects
// that the deals go on and the books are right.
func tradeThrough(t *testing.T, r *rig, begin func() (mend func())) {
	t.Helper()
	m := newMarket(r, 1, 1)
	m.open(3)
	m.dealsMore(2)
	m.waits.take()
	mend := begin()
	m.pass(3 * time.Second)
	mend()
	waited := m.waits.take()
	t.Log(waited)
	if slowest := waited.under(100); slowest > answerLimit {
		t.Errorf("a caller waited %s", slowest)
	}
	m.dealsMore(3)
	m.close()
}

// A full Redis refuses every write. Nothing in it is worth more than the comfort
// of a session, so the deals go on, also before there is room again.
func TestRedisIsFull(t *testing.T) {
	t.Parallel()
	redisServer := startRedis(t)
	r := newRigOn(t, testkit.Postgres(t), redisServer.redisURL())
	limit := func(size string) {
		t.Helper()
		err := redisServer.redis(func(c *redis.Client) error {
			return errors.Join(c.ConfigSet(t.Context(), "maxmemory-policy", "noeviction").Err(),
				c.ConfigSet(t.Context(), "maxmemory", size).Err())
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	tradeThrough(t, r, func() func() {
		limit("1")
		return func() { limit("0") }
	})
}

// A PostgreSQL that only reads, as after a failover to a standby that was not
// promoted: nothing can be done, and nothing is pretended.
func TestPostgresIsReadOnly(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	db, err := sql.Open("postgres", r.database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	set := func(value string) {
		t.Helper()
		for _, statement := range []string{
			"SET default_transaction_read_only = off",
			"DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || quote_ident(current_database()) || ' SET default_transaction_read_only = " + value + "'; END $$",
			// Connections that are open keep the setting they began with.
			"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
		} {
			if _, err := db.ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
	}
	db.SetMaxOpenConns(1)
	tradeThrough(t, r, func() func() {
		set("on")
		return func() { set("off") }
	})
}

// The disk under PostgreSQL fills up. The server may end over it; when there is
// room again, and it was started again, the deals go on.
func TestPostgresIsOutOfDisk(t *testing.T) {
	t.Parallel()
	disk := smallDisk(t)
	postgres := startPostgresIn(t, disk)
	r := newRigOn(t, postgres.database(), testkit.Redis(t))
	tradeThrough(t, r, func() func() {
		ballast := filepath.Join(disk, "ballast")
		fill(t, ballast)
		return func() {
			if err := os.Remove(ballast); err != nil {
				t.Fatal(err)
			}
			select {
			case <-postgres.ended:
				postgres.start()
			default:
			}
		}
	})
}

// smallDisk is a file system with little room, which only root can make.
func smallDisk(t *testing.T) string {
	t.Helper()
	folder := serverFolder(t)
	mount := exec.CommandContext(t.Context(), "mount", "-t", "tmpfs", "-o", "size=200m", "tmpfs", folder)
	if said, err := mount.CombinedOutput(); err != nil {
		t.Skipf("no small disk can be made here: %v: %s", err, said)
	}
	t.Cleanup(func() {
		// Lazily: a server that ends may still have files open.
		_ = exec.CommandContext(context.WithoutCancel(t.Context()), "umount", "-l", folder).Run()
	})
	ownedByServer(t, folder)
	return folder
}

// fill writes a file until there is no room.
func fill(t *testing.T, file string) {
	t.Helper()
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	block := make([]byte, 64<<10)
	for err == nil {
		_, err = out.Write(block)
	}
	_ = out.Close()
}
