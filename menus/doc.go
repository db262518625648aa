// Package menus holds the USSD menu as data and the texts of every language.
//
// A [Menu] is a table of screens and of what can be answered on each; its
// [Menu.Next] takes a caller's state and answer to the next screen and, where
// the answer asks for one, to an act. The package knows nothing of transport,
// storage or the rules of money: its caller carries out the acts, and brings
// the data that screens show. [Menu.Check] finds what is wrong with a tree
// before a caller does.
//
// A [Catalogue] holds one TOML file of texts per language.
package menus
