// Package migrations holds the database schema, once per engine. The files of
// the two engines have the same names and make the same tables and columns; a
// test of package store holds them against each other.
package migrations

import (
	"embed"
	"io/fs"
)

//go:embed postgres/*.sql sqlite/*.sql
var files embed.FS

// Postgres returns the migrations for PostgreSQL, in goose's format.
func Postgres() (fs.FS, error) { return fs.Sub(files, "postgres") }

// SQLite returns the migrations for SQLite, in goose's format.
func SQLite() (fs.FS, error) { return fs.Sub(files, "sqlite") }
