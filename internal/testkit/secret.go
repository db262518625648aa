package testkit

import "regexp"

// byChance is where any digits can stand: ids, and fractions of a second in a time or
// a duration. What merely follows a full stop is none.
var byChance = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|:\d\d\.\d+|\d\.\d+[mµn]?s`)

// Shows tells whether a text shows a short secret such as a PIN or a code, which
// would stand by itself: inside an id, a time or a longer number the same digits
// are there by chance, in one run of some thousand.
func Shows(text, secret string) bool {
	alone := regexp.MustCompile(`(^|[^0-9A-Fa-f])` + regexp.QuoteMeta(secret) + `($|[^0-9A-Fa-f])`)
	return alone.MatchString(byChance.ReplaceAllString(text, ""))
}
