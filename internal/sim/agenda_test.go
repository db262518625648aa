package sim

import (
	"container/heap"
	"time"
)

// appointment is something that happens at a time, true time that is.
type appointment struct {
	at  time.Time
	seq int // in the order in which they were made, where the time is the same
	do  func()
}

// agenda holds what is going to happen outside the gateway.
type agenda struct {
	list []appointment
	made int
}

// Len implements [heap.Interface].
func (a *agenda) Len() int { return len(a.list) }

// Less implements [heap.Interface].
func (a *agenda) Less(i, j int) bool {
	if a.list[i].at.Equal(a.list[j].at) {
		return a.list[i].seq < a.list[j].seq
	}
	return a.list[i].at.Before(a.list[j].at)
}

// Swap implements [heap.Interface].
func (a *agenda) Swap(i, j int) { a.list[i], a.list[j] = a.list[j], a.list[i] }

// Push implements [heap.Interface].
func (a *agenda) Push(x any) { a.list = append(a.list, x.(appointment)) }

// Pop implements [heap.Interface].
func (a *agenda) Pop() any {
	last := a.list[len(a.list)-1]
	a.list = a.list[:len(a.list)-1]
	return last
}

func (a *agenda) add(at time.Time, do func()) {
	a.made++
	heap.Push(a, appointment{at: at, seq: a.made, do: do})
}

// next is when the first appointment is.
func (a *agenda) next() (time.Time, bool) {
	if len(a.list) == 0 {
		return time.Time{}, false
	}
	return a.list[0].at, true
}

func (a *agenda) take() func() { return heap.Pop(a).(appointment).do }
