use super::*;
use ::parquet::basic::Compression;
use ::parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int32Type};
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::parser::parse_message_type;
use std::fs::File;
use std::sync::Arc;

/// A file of names, ages that may be missing, and lists of numbers.
fn birds(folder: &Folder, name: &str, packing: Compression, ages: &[Option<i32>]) -> String {
    let path = folder.0.join(name);
    let schema = "message birds {
        REQUIRED BYTE_ARRAY species (UTF8);
        OPTIONAL INT32 age;
        REQUIRED INT32 day (DATE);
        REQUIRED GROUP size (LIST) { REPEATED GROUP list { REQUIRED DOUBLE element; } }
    }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let properties = WriterProperties::builder().set_compression(packing).build();
    let file = File::create(&path).unwrap();
    let mut writer = SerializedFileWriter::new(file, schema, Arc::new(properties)).unwrap();
    let mut rows = writer.next_row_group().unwrap();
    let names: Vec<ByteArray> = (0..ages.len())
        .map(|i| ["wren", "owl"][i % 2].into())
        .collect();
    let mut column = rows.next_column().unwrap().unwrap();
    column
        .typed::<ByteArrayType>()
        .write_batch(&names, None, None)
        .unwrap();
    column.close().unwrap();
    let there: Vec<i32> = ages.iter().flatten().copied().collect();
    let levels: Vec<i16> = ages.iter().map(|age| i16::from(age.is_some())).collect();
    let mut column = rows.next_column().unwrap().unwrap();
    column
        .typed::<Int32Type>()
        .write_batch(&there, Some(&levels), None)
        .unwrap();
    column.close().unwrap();
    let mut column = rows.next_column().unwrap().unwrap();
    column
        .typed::<Int32Type>()
        .write_batch(&vec![7; ages.len()], None, None)
        .unwrap();
    column.close().unwrap();
    let sizes: Vec<f64> = (0..2 * ages.len()).map(|i| i as f64 / 2.0).collect();
    let begins: Vec<i16> = (0..sizes.len()).map(|i| (i % 2) as i16).collect();
    let mut column = rows.next_column().unwrap().unwrap();
    let levels = vec![1; sizes.len()];
    column
        .typed::<DoubleType>()
        .write_batch(&sizes, Some(&levels), Some(&begins))
        .unwrap();
    column.close().unwrap();
    rows.close().unwrap();
    writer.close().unwrap();
    path.to_string_lossy().into_owned()
}

#[test]
fn parquet_has_words_numbers_and_lists() {
    let folder = Folder::new();
    let columns = [
        column("species", Read::Class(2)),
        column("age", Read::Number),
        column("size", Read::Tensor(vec![2])),
    ];
    let codec = [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::ZSTD(Default::default()),
        Compression::GZIP(Default::default()),
    ];
    for codec in codec {
        let path = birds(
            &folder,
            "birds.parquet",
            codec,
            &[Some(3), Some(1), Some(4)],
        );
        let train = read(TableFormat::Parquet, &path, None, &columns)
            .unwrap()
            .train;
        assert_eq!(train.count, 3);
        let classes = Vec::<i64>::try_from(tensor(&train, "species")).unwrap();
        assert_eq!(classes, [1, 0, 1]);
        let ages = Vec::<f32>::try_from(tensor(&train, "age")).unwrap();
        assert_eq!(ages, [3.0, 1.0, 4.0]);
        assert_eq!(tensor(&train, "size").double_value(&[2, 1]), 2.5);
    }
}

#[test]
fn several_files_are_one_table() {
    let folder = Folder::new();
    let age = [column("age", Read::Number)];
    birds(
        &folder,
        "part-1.parquet",
        Compression::SNAPPY,
        &[Some(1), Some(2)],
    );
    birds(
        &folder,
        "part-2.parquet",
        Compression::SNAPPY,
        &[Some(3), None],
    );
    birds(&folder, "other.parquet", Compression::SNAPPY, &[Some(9)]);
    let path = |name: &str| folder.0.join(name).to_string_lossy().into_owned();
    let told = refusal(TableFormat::Parquet, &path("part-*.parquet"), &age);
    let wanted = "part-2.parquet`, row 2: `age` is null, which is no number";
    assert!(told.contains(wanted), "{told}");
    birds(
        &folder,
        "part-2.parquet",
        Compression::SNAPPY,
        &[Some(3), Some(4)],
    );
    let train = read(TableFormat::Parquet, &path("part-*.parquet"), None, &age)
        .unwrap()
        .train;
    let ages = Vec::<f32>::try_from(tensor(&train, "age")).unwrap();
    assert_eq!(ages, [1.0, 2.0, 3.0, 4.0]);
}

#[test]
fn what_a_parquet_file_lacks_is_told() {
    let folder = Folder::new();
    let path = birds(
        &folder,
        "birds.parquet",
        Compression::SNAPPY,
        &[Some(3), Some(5)],
    );
    for (column, wanted) in [
        (
            column("weight", Read::Number),
            "has no column `weight`\nits columns are `species`, `age`",
        ),
        (
            column("species", Read::Number),
            "row 1: `species` is \"wren\", which is no number",
        ),
        (
            column("age", Read::Class(5)),
            "row 2: `age` is 5, which is not from 0 to 4",
        ),
        (
            column("size", Read::Tensor(vec![3])),
            "which is no list of 3 numbers",
        ),
        (column("day", Read::Number), "row 1: `day` is 1970-01-08"),
    ] {
        let told = refusal(TableFormat::Parquet, &path, &[column]);
        assert!(
            told.contains(wanted) && told.contains("birds.parquet"),
            "{told}"
        );
    }
    let bytes = std::fs::read(&path).unwrap();
    for end in [0, 10, bytes.len() / 2, bytes.len() - 1] {
        std::fs::write(&path, &bytes[..end]).unwrap();
        let told = refusal(TableFormat::Parquet, &path, &[column("age", Read::Number)]);
        assert!(told.contains("cannot be read"), "{told}");
    }
}
