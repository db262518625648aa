package store

import "database/sql"

// Raw lets tests look into the database past the store. SQLite's file is locked
// against a second connection.
func (s *Store) Raw() *sql.DB { return s.db.DB }

// FillHashing takes every place for hashing a PIN, until it is released.
func (s *Store) FillHashing() (release func()) {
	for range cap(s.hashing) {
		s.hashing <- struct{}{}
	}
	return func() {
		for range cap(s.hashing) {
			<-s.hashing
		}
	}
}
