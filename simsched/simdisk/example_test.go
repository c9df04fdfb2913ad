package simdisk_test

import (
	"fmt"

	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/simsched/simdisk"
)

// What was not synced is lost in a crash, here always; Disk.Crash lets a random part of it survive.
func ExampleDisk_CrashSynced() {
	err := simsched.Run(simsched.Config{Seed: 1}, func(s *simsched.Sim) error {
		disk := simdisk.New(s, "disk")
		f, err := disk.Create("log")
		if err != nil {
			return err
		}
		if _, err := f.Write([]byte("not synced")); err != nil {
			return err
		}
		disk.CrashSynced()
		_, err = disk.Open("log")
		fmt.Println(err != nil)
		return nil
	})
	fmt.Println(err)
	// Output:
	// true
	// <nil>
}
