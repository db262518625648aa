// Package guard stands before the callbacks: it lets in who comes from an address
// that may, and who can sign. Both are optional and come on top of what proves a
// callback today, knowing its secret address, because no provider signs.
package guard
