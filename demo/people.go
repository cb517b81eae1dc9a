package demo

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/user"
)

// How many people there are of each kind.
const (
	agents     = 50
	requesters = 600
)

// Person is somebody of the made-up company.
type Person struct {
	ID     user.ID
	Joined time.Time // before the first ticket
	user.Register
}

// seed makes every year one and the same, but for its end.
const seed = 0x4e1bde5c

// namespace is that of the ids of people, which are made of their names.
var namespace = uuid.MustParse("5b0c3f0e-2a57-5a0f-9d5e-6d3b5f5f6a11")

// Length is how long before its end a year begins.
const Length = 365 * 24 * time.Hour

// People returns everybody, the admin first, then the auditor, the agents and
// those who open tickets.
func People(end time.Time) []Person {
	rng := rand.New(rand.NewPCG(seed, 0))
	begin := end.Add(-Length)
	taken := map[string]int{}
	person := func(role domain.Role) Person {
		first, last := pick(rng, firstNames), pick(rng, lastNames)
		name := strings.ToLower(first + "." + last)
		if taken[name]++; taken[name] > 1 {
			name = fmt.Sprintf("%s%d", name, taken[name])
		}
		return Person{
			ID: user.ID{UUID: uuid.NewSHA1(namespace, []byte(name))}, Joined: begin,
			Register: user.Register{
				By:       user.By{Actor: domain.Actor{Kind: domain.ActorImport}},
				Username: name, Email: name + "@example.com", FirstName: first, LastName: last, Role: role,
			},
		}
	}
	people := []Person{person(domain.RoleAdmin), person(domain.RoleAuditor)}
	for range agents {
		people = append(people, person(domain.RoleAgent))
	}
	for range requesters {
		people = append(people, person(domain.RoleUser))
	}
	return people
}

func pick[T any](rng *rand.Rand, from []T) T { return from[rng.IntN(len(from))] }

var firstNames = strings.Fields(`
Ada Aisha Alan Amara Andrei Anita Astrid Bashir Beatriz Ben Bianca Carlos Chiara Chloe Dana Daniel Dmitri Elena
Emil Emma Erik Esther Farah Felix Fiona Gabriel Grace Hana Hassan Helen Henrik Ibrahim Ines Ingrid Ivan Jana
Jasmine Johan Julia Kofi Laila Lars Lena Leo Lucia Marek Maria Mateo Mei Milan Mina Nadia Nina Noah Nora Omar
Oskar Paula Pedro Petra Priya Rafael Rania Ravi Rosa Ruth Samir Sara Sofia Stefan Tara Theo Tomas Uma Vera
Viktor Wanda Yara Yusuf Zoe`)

var lastNames = strings.Fields(`
Abbott Adeyemi Almeida Andersen Bakker Banerjee Barros Becker Bergman Bianchi Brandt Castillo Chandra Chen Costa
Dahl Diallo Dubois Dvorak Eriksen Farouk Fischer Flores Garcia Haddad Hansen Hoffmann Horvat Ibsen Ito Jansen
Johansson Kaya Keller Kim Kovacs Kowalski Larsen Lindgren Lopez Marino Martin Mensah Meyer Moreau Nakamura Novak
Okafor Olsen Osman Park Patel Pereira Petrov Quist Rahman Ramos Reyes Richter Rossi Salim Santos Sato Schmidt
Silva Singh Sorensen Suzuki Tanaka Torres Ueda Varga Vogel Wagner Weber Weiss Wolf Yilmaz Zeman Zhou`)
