package store

import "database/sql"

// Raw lets tests look into the database past the store. SQLite's file is locked
// against a second connection.
func (s *Store) Raw() *sql.DB { return s.db.DB }
