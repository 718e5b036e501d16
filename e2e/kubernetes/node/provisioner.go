package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"
)

const provisioner = "klamm.dev/loop"

// volumes makes every claim an ext4 file system of exactly the size it asks for, in a sparse file: fsGroup works as on
// a real disk, and a disk can really be full.
type volumes struct{ dir string }

func (v volumes) Provision(_ context.Context, o controller.ProvisionOptions) (*core.PersistentVolume, controller.ProvisioningState, error) {
	size := o.PVC.Spec.Resources.Requests[core.ResourceStorage]
	image, path := filepath.Join(v.dir, o.PVName+".img"), filepath.Join(v.dir, o.PVName)
	err := commands(
		[]string{"mkdir", "-p", path},
		[]string{"truncate", "-s", fmt.Sprint(size.Value()), image},
		[]string{"mkfs.ext4", "-q", "-m", "0", "-E", "lazy_itable_init=1,lazy_journal_init=1,nodiscard", image},
		[]string{"mount", "-o", "loop", image, path},
	)
	if err != nil {
		return nil, controller.ProvisioningFinished, err
	}
	return &core.PersistentVolume{
		ObjectMeta: meta.ObjectMeta{Name: o.PVName},
		Spec: core.PersistentVolumeSpec{
			PersistentVolumeReclaimPolicy: *o.StorageClass.ReclaimPolicy,
			AccessModes:                   o.PVC.Spec.AccessModes,
			Capacity:                      core.ResourceList{core.ResourceStorage: size},
			PersistentVolumeSource:        core.PersistentVolumeSource{Local: &core.LocalVolumeSource{Path: path}},
			NodeAffinity:                  on(o.SelectedNodeName),
		},
	}, controller.ProvisioningFinished, nil
}

func (v volumes) Delete(_ context.Context, pv *core.PersistentVolume) error {
	path := pv.Spec.Local.Path
	if err := commands([]string{"umount", path}); err != nil {
		return err
	}
	return errors.Join(os.Remove(path), os.Remove(path+".img"))
}

// on ties a volume to its node, as a disk inside a machine is.
func on(node string) *core.VolumeNodeAffinity {
	return &core.VolumeNodeAffinity{Required: &core.NodeSelector{NodeSelectorTerms: []core.NodeSelectorTerm{{
		MatchExpressions: []core.NodeSelectorRequirement{{Key: core.LabelHostname, Operator: core.NodeSelectorOpIn, Values: []string{node}}},
	}}}}
}

func commands(all ...[]string) error {
	for _, command := range all {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%v: %w: %s", command, err, out)
		}
	}
	return nil
}

// provision serves claims until it is killed: volumes KUBECONFIG FOLDER.
func provision(ctx context.Context, args []string) error {
	if len(args) != 2 {
		return errors.New("usage: volumes KUBECONFIG FOLDER")
	}
	config, err := clientcmd.BuildConfigFromFlags("", args[0])
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	controller.NewProvisionController(ctx, client, provisioner, volumes{args[1]}, controller.LeaderElection(false)).Run(ctx)
	return nil
}
