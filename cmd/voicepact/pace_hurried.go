//go:build hurried

package main

// hurry divides the times that the program waits before it asks again, gives up
// or takes over. Only the kill loop is built with it: a program that is killed
// every few seconds would otherwise need an hour to settle what it had begun.
const hurry = 20
