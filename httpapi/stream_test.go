package httpapi

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestAStreamOutlivesTheServersWriteTimeout(t *testing.T) {
	stop := make(chan struct{})
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s := &StreamWriter{w: w, control: http.NewResponseController(w)}
		fmt.Fprintln(s, "one")
		s.Flush()
		<-stop
		fmt.Fprintln(s, "two")
	}))
	server.Config.WriteTimeout = 1 // long over by the first write
	server.Start()
	defer server.Close()
	response, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	close(stop)
	var one, two string
	if _, err := fmt.Fscan(response.Body, &one, &two); err != nil || one != "one" || two != "two" {
		t.Errorf("got %q %q, %v", one, two, err)
	}
}

func TestNoCellIsAFormula(t *testing.T) {
	for text, want := range map[string]string{
		"=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "\tx": "'\tx", "\rx": "'\rx", "  =1": "'  =1", "＝1": "'＝1",
		"a=1": "a=1", "": "", "'=1": "'=1", "Größe": "Größe",
	} {
		t.Run(text, func(t *testing.T) {
			if got := Cell(text); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}
