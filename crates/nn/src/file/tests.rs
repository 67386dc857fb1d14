//! Round trips, and files that are not what they say.

use std::collections::HashMap;

use expect_test::{Expect, expect};
use safetensors::serialize;
use safetensors::tensor::{Dtype, TensorView};

use super::{load, save};
use crate::reference::normals;
use crate::{Activation, Initialization, MlpShape, Model, RunningNorm};

fn model() -> Model {
    let shape = |hidden: &[usize], outputs, activation| MlpShape {
        inputs: 3,
        hidden: hidden.to_vec(),
        outputs,
        activation,
    };
    let networks = [
        (
            shape(&[5, 4], 2, Activation::Tanh),
            Initialization::PyTorchDefault,
        ),
        (shape(&[], 1, Activation::Relu), Initialization::He),
    ];
    Model::new(
        &networks,
        &[0.5, -0.25],
        &mut mdp::Seed(0).stream("file", 0),
    )
}

#[test]
fn what_is_saved_is_loaded_bit_for_bit() {
    let model = model();
    let mut norm = RunningNorm::new(3);
    norm.update(&normals("rows", 30));
    let metadata = [
        ("head".to_owned(), "categorical 2".to_owned()),
        ("a".to_owned(), "\"\n".to_owned()),
    ];
    for norm in [None, Some(&norm)] {
        let bytes = save(&model, norm, &metadata);
        let saved = load(&bytes).expect("its own file");
        assert_eq!(saved.model.parameters(), model.parameters());
        assert!(saved.model.shapes().eq(model.shapes()));
        assert_eq!(saved.model.free(), model.free());
        assert_eq!(saved.normalization.as_ref(), norm);
        assert!(
            saved
                .metadata
                .into_iter()
                .eq([metadata[1].clone(), metadata[0].clone()])
        );
        assert_eq!(
            save(&saved.model, norm, &metadata),
            bytes,
            "the same bytes again"
        );
    }
}

#[test]
fn other_tools_see_named_tensors() {
    let bytes = save(&model(), Some(&RunningNorm::new(3)), &[]);
    let tensors = safetensors::SafeTensors::deserialize(&bytes).expect("safetensors");
    let mut names: Vec<String> = tensors
        .iter()
        .map(|(name, tensor)| format!("{name} {:?}", tensor.shape()))
        .collect();
    names.sort();
    expect![[r#"
        free [2]
        network.0.layer.0.biases [5]
        network.0.layer.0.weights [3, 5]
        network.0.layer.1.biases [4]
        network.0.layer.1.weights [5, 4]
        network.0.layer.2.biases [2]
        network.0.layer.2.weights [4, 2]
        network.1.layer.0.biases [1]
        network.1.layer.0.weights [3, 1]
        normalization [7]"#]]
    .assert_eq(&names.join("\n"));
}

/// A file with the given description and `f32` tensors of zeros.
fn file(description: Option<&str>, tensors: &[(&str, &[usize])]) -> Vec<u8> {
    let zeros = vec![0; 4096];
    let views = tensors.iter().map(|(name, shape)| {
        let n_bytes = 4 * shape.iter().product::<usize>();
        let view = TensorView::new(Dtype::F32, shape.to_vec(), &zeros[..n_bytes]).expect("a view");
        (*name, view)
    });
    let metadata = description.map(|text| HashMap::from([("nn".to_owned(), text.to_owned())]));
    serialize(views, metadata).expect("a file")
}

const LINEAR: &[(&str, &[usize])] = &[
    ("network.0.layer.0.weights", &[2, 3]),
    ("network.0.layer.0.biases", &[3]),
];

fn description(networks: &str, n_free: &str, normalized: &str) -> String {
    format!(
        r#"{{"version":1,"networks":{networks},"n_free":{n_free},"normalized":{normalized},"metadata":{{}}}}"#
    )
}

fn linear() -> String {
    description(
        r#"[{"inputs":2,"hidden":[],"outputs":3,"activation":"tanh"}]"#,
        "0",
        "false",
    )
}

fn check_refused(bytes: &[u8], message: Expect) {
    let error = load(bytes).expect_err("refused");
    message.assert_eq(&error.to_string());
}

#[test]
fn the_file_that_the_others_are_made_from_is_good() {
    load(&file(Some(&linear()), LINEAR)).expect("good");
}

#[test]
fn bytes_that_are_no_safetensors_file_are_refused() {
    check_refused(
        b"",
        expect!["not a safetensors file: header too small; save the model again"],
    );
    check_refused(
        &u64::MAX.to_le_bytes(),
        expect!["not a safetensors file: header too large; save the model again"],
    );
    check_refused(
        b"\x50\0\0\0\0\0\0\0{}",
        expect!["not a safetensors file: invalid header length; save the model again"],
    );
    let mut cut = file(Some(&linear()), LINEAR);
    cut.pop();
    check_refused(
        &cut,
        expect![
            "not a safetensors file: incomplete metadata, file not fully covered; save the model again"
        ],
    );
}

#[test]
fn descriptions_that_make_no_sense_are_refused() {
    let refused = |description: &str, message: Expect| {
        check_refused(&file(Some(description), LINEAR), message);
    };
    check_refused(
        &file(None, LINEAR),
        expect!["the file does not describe its networks: no key `nn`; save the model again"],
    );
    refused(
        "{",
        expect![
            "the file does not describe its networks: EOF while parsing an object at line 1 column 1; save the model again"
        ],
    );
    refused(
        &linear().replace("\"version\":1", "\"version\":2"),
        expect![
            "the file does not describe its networks: its version is 2, not 1; save the model again"
        ],
    );
    refused(
        &description("[]", "0", "false"),
        expect![
            "the file does not describe its networks: it has 0 networks, not 1 to 64; save the model again"
        ],
    );
    refused(
        &linear().replace("tanh", "swish"),
        expect![
            "the file does not describe its networks: activation `swish` is neither `tanh` nor `relu`; save the model again"
        ],
    );
    refused(
        &linear().replace("\"hidden\":[]", "\"hidden\":[0]"),
        expect![
            "the file does not describe its networks: network 0 has a layer of width zero; save the model again"
        ],
    );
    refused(
        &linear().replace("\"inputs\":2", "\"inputs\":0"),
        expect![
            "the file does not describe its networks: network 0 has a layer of width zero; save the model again"
        ],
    );
    let deep = format!("\"hidden\":[{}1]", "1,".repeat(100));
    refused(
        &linear().replace("\"hidden\":[]", &deep),
        expect![
            "the file does not describe its networks: network 0 has 101 hidden layers; save the model again"
        ],
    );
    let other_inputs = r#"},{"inputs":9,"hidden":[],"outputs":3,"activation":"tanh"}]"#;
    refused(
        &linear().replace("}]", other_inputs),
        expect![
            "the file does not describe its networks: network 1 reads 9 inputs, the first does not; save the model again"
        ],
    );
}

#[test]
fn descriptions_larger_than_the_file_are_refused() {
    let too_large = "the file does not describe its networks: its networks have more parameters than the file has numbers; save the model again";
    for (from, to) in [
        ("\"inputs\":2", "\"inputs\":18446744073709551615"),
        ("\"outputs\":3", "\"outputs\":18446744073709551615"),
        ("\"outputs\":3", "\"outputs\":1000000000000"),
        ("\"hidden\":[]", "\"hidden\":[4294967296,4294967296]"),
        ("\"n_free\":0", "\"n_free\":18446744073709551615"),
        ("\"n_free\":0", "\"n_free\":1000000000000"),
    ] {
        let bytes = file(Some(&linear().replace(from, to)), LINEAR);
        let error = load(&bytes).expect_err(to);
        assert_eq!(error.to_string(), too_large, "{to}");
    }
}

#[test]
fn tensors_that_do_not_fit_the_description_are_refused() {
    check_refused(
        &file(Some(&linear()), &LINEAR[..1]),
        expect![
            "tensor `network.0.layer.0.biases` is missing; the file is damaged or of another version"
        ],
    );
    check_refused(
        &file(
            Some(&linear()),
            &[LINEAR[0], ("network.0.layer.0.biases", &[4])],
        ),
        expect![
            "tensor `network.0.layer.0.biases` has shape [4], not [3]; the file is damaged or of another version"
        ],
    );
    check_refused(
        &file(Some(&linear()), &[LINEAR[0], LINEAR[1], ("extra", &[1])]),
        expect![
            "tensor `extra` is not part of the networks described; the file is damaged or of another version"
        ],
    );
    let normalized = linear().replace("\"normalized\":false", "\"normalized\":true");
    check_refused(
        &file(Some(&normalized), LINEAR),
        expect!["tensor `normalization` is missing; the file is damaged or of another version"],
    );
    check_refused(
        &file(
            Some(&normalized),
            &[LINEAR[0], LINEAR[1], ("normalization", &[5])],
        ),
        expect![
            "tensor `normalization` is of type F32, not F64; the file is damaged or of another version"
        ],
    );
}

#[test]
fn numbers_that_are_not_finite_are_refused() {
    let mut bytes = file(Some(&linear()), LINEAR);
    let end = bytes.len();
    bytes[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    check_refused(
        &bytes,
        expect![
            "tensor `network.0.layer.0.weights` has NaN at index 5; the file is damaged or of another version"
        ],
    );
}

/// Any single damaged byte is either noticed or changes nothing but values; nothing panics.
#[test]
fn damaged_bytes_do_not_panic() {
    let bytes = save(
        &model(),
        Some(&RunningNorm::new(3)),
        &[("a".to_owned(), "b".to_owned())],
    );
    for index in 0..bytes.len() {
        for flip in [0x01, 0x10, 0x80, 0xFF] {
            let mut damaged = bytes.clone();
            damaged[index] ^= flip;
            let _ = load(&damaged);
        }
        let _ = load(&bytes[..index]);
    }
}
