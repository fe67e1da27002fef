"""Hints that take more to provoke than a file of a few lines; none leads to another number."""

import re

_BY_WHAT_IT_TAKES = """
answers of servers
    ask Triton for whole answers (/generate)
    ask for one prompt at a time
    leave out what is no answer
    save the labels as texts
    a label for each token, in their order; null leaves one out
    take the file that the batch gives
    several files of answers are one quoted pattern: xent nll 'requests-*.jsonl'
a cluster
    each runs a script that calls xent anew: main() stands below if __name__ == '__main__'
    it names the keys of tls:// under distributed.comm.tls: see xent help cluster
    have they enough memory? Their logs say what ended them
    dask worker --memory-limit SIZE gives more to each
    dask scheduler prints its address, which begins with tls:// if it encrypts
    dask scheduler starts one, and dask worker ADDRESS its workers
    workers import what the script does: dask worker --preload MODULE
    they need xent 1.0.0 and the libraries that the files need
    workers open files themselves: by a path or a URL that they see too, with the same libraries and
        xent 1.0.0
hidden states
    xent loss FILE --lm-head MODEL_DIR
    --shift 1; by the states at their own places: --label-key X
    name it: --head-bias FILE:KEY
    name the head: --lm-head FILE:KEY
    if it is tied all the same: --lm-head FILE:X
    the head of the model before it was quantised: --lm-head MODEL_DIR
    once for all of them, or once for each in their order: 'none' for logits
    of states behind its other layers: --lm-head FILE:KEY names the matrix
    a head is (classes, D); this one may be transposed
    --lm-head MODEL_DIR reads those of a model
    name the file, or one array of it: --lm-head FILE:KEY
    --lm-head MODEL_DIR reads a folder with its config.json
    is a shard of the model missing?
    is this the head of the same model?
    are these layers, (T, layers, D)? --layer -1 takes the last one
files larger than those of tests
    it is damaged, or one number stands for many
    write it with numpy.savez_compressed
    write the column as plain text or numbers
    write smaller ones: write_table(table, max_chunksize=65536)
    write it with smaller pages: data_page_size=2**20 is pyarrow's default
    is this one row? Rows of classes go in lines; NPY files have no limit
    is there a line end missing?
    write one row a line, as JSON lines, or an NPY file
    write one answer a line, as JSON lines
    is this the file that was meant?
    a file of --classes has the name of one class a line
    is a quote never closed, or is this one row? Rows of classes go in lines
    write it with larger row groups, or fewer columns: one of lists holds as many numbers
    h5repack -l writes smaller ones
    zip -0 leaves them as they are
the API of Python, tested in test_pipeline_python_calibrate.py
    calibrate(logits, labels, binary=True) fits the one of this loss
models of different orders, tested in test_cli_ids_of_labels.py
    there is X: write the ids of both files as whole numbers
    if it is that of the labels, name one.npy first; otherwise write ids beside it
archives, tested in test_cli_what_to_do.py
    unzip asks for the password: give the file that comes out
    was it written to the end, and closed? An array of numbers is needed in it
states
    a state is what xent merge and other commands write: --state FILE.json
    xent eval --metric NAME --state FILE.json keeps what the measure needs
    xent eval of the same files keeps what a page shows: --state FILE.json
    xent merge STATE...
    xent merge STATE --json prints the result of a state
    write it again: --state FILE.json
    states are merged by the version that wrote them
    name all files in each run, and part them by --rows A:B
    each row belongs to one state: leave one of them out
    run again what was run with the other files
    --state FILE.json
    --reduction mean; the losses of rows are put together as their files are
a file for each input
    {stem} stands for the name of each input
    {stem} is a file's name without folders and extensions
    --output out/{stem}.npy writes a file for each input
bases of llama-perplexity
    llama-perplexity was interrupted, or the copy was: make it again
    something follows the last row: is it one file?
    the file is damaged: make it again
    both files must be made with the same text, tokenizer, -c and --chunks
    make a base of both models; or their losses: xent nll BASE, and xent loss LOGITS LABELS
lists of the most probable classes
    --num-classes V, if one of them lists all classes
    other labels are named by their option, --labels FILE; more rows by a quoted pattern,
        such as X
    a file that holds both is named twice, --test FILE FILE; more rows by a quoted pattern, such
        as X
    values and classes are lists of the same lengths: (N, K) or (N, T, K)
    in a second file, or --label-key NAME of this one; tokens are the labels of the places before
        them: --label-key input_ids --shift 1
    logits go with the log-sum-exp over all classes of the same rows
    xent nll --probs FILE; of logits, save their log-sum-exp too
    save the classes as int32
    sequences of different lengths are read one a line, as JSON lines, or one a row, of Parquet and
        Arrow
    the rows of both files must be the same ones, in the same order
    decompress_to_sparse of DistillKit, then save the values and their indices
    xent nll FILE or xent eval FILE, which take what the lists say; of an array: --key NAME
    write them as Parquet or JSON lines, which xent nll and xent eval read
    -100, or a 0 in a mask, leaves a row out
temperatures
    once for all of them, or once for each in their order; 1 changes nothing
    once for each model, with 1 for this one
    log-probabilities count as logits: give them as such
    save the logits, or the logarithms of the probabilities, which count as logits
a picture of three models
    name two of them, or --report FILE.html draws several
samples of lm-evaluation-harness
    name one of them, or compare them: xent compare BASE NEW
    are these two runs in one file? One file a run
    the filters are 'none'
    name files of one kind: xent nll measures texts, xent eval measures choices
    are both files of the same task, of the same version of its data?
    the loss of a document: --reduction sum, or none
    leave this doc out
    leave this line out
    name it details_TASK.parquet, as lighteval does, and do not compress it
    the files of several tasks are named as one, by a quoted pattern
    leave --columns, --drop and --label-column out
    leave --label-base out
files of other programs, tested in test_foreign_files.py
    llama-perplexity --kl-divergence-base a.kld writes what xent reads
    save the table: COPY tbl TO 'a.parquet' (FORMAT parquet)
    take the file out of it: tar -xf
    in Python: pandas.read_orc(path).to_parquet('a.parquet')
    in Python: pandas.DataFrame(fastavro.reader(open(path, 'rb'))).to_csv('a.csv')
    lz4 -d
    python -m snappy -d
    xz -d --format=lzma; one of joblib: save it in the program that made it: numpy.save('a.npy',
        array), which xent reads
    in Python: pandas.read_spss(path).to_parquet('a.parquet')
    in Python: pandas.read_stata(path).to_parquet('a.parquet')
    in Python: pandas.read_sas(path).to_parquet('a.parquet')
    in Python: pandas.read_html(path)[0].to_csv('a.csv')
    in Python: numpy.save('a.npy', scipy.io.mmread(path))
    in Python: numpy.save('a.npy', scipy.io.mmread(path).toarray())
    in Python: pandas.DataFrame(scipy.io.arff.loadarff(path)[0]).to_csv('a.csv')
    xent takes its outputs: numpy.save('a.npy', logits)
    a tensor of ONNX, in Python: numpy.save('a.npy', numpy_helper.to_array(tensor))
    in Python: tf.data.TFRecordDataset(path), numpy.save
    in Python: numpy.save('a.npy', msgpack.load(open(path, 'rb')))
    in Python: numpy.save('a.npy', cbor2.load(open(path, 'rb')))
    in Python: bson.decode_file_iter(open(path, 'rb')), numpy.save
    brotli -d
    in Python: json.dump(yaml.safe_load(open(path)), open('a.json', 'w'))
    in Python: json.dump(tomllib.load(open(path, 'rb')), open('a.json', 'w'))
    in Python: numpy.save('a.npy', zarr.open_array(path)[:])
    in Python: numpy.save('a.npy', scipy.sparse.load_npz(path).toarray())
    in Python: deltalake.DeltaTable(path).to_pandas().to_parquet('a.parquet')
    torch.distributed.checkpoint.format_utils.dcp_to_torch_save(path, 'a.pt')
    is it numbers without a header? In Python: numpy.save('a.npy', numpy.fromfile(path,
        DTYPE).reshape(N, C))
columns of Parquet and Arrow, tested in test_arrow_refusals.py
    in Python: frame[NAME].astype(float) makes numbers of decimals
    in Python: table.flatten() makes a column of each field
    in Python: frame[NAME].map(json.loads) makes lists or numbers of text
    in Python: frame[NAME].map(lambda x: numpy.frombuffer(x, DTYPE)) reads bytes
folders of datasets
    name the folder of one of them
    was the dataset saved to the end?
    flatten_indices(), save again
mistakes in xent, or in an addition to it
    --debug shows where
    --debug shows where; what an addition must have: xent help design
    what a format that is added to xent must have: xent help design
    of_this_process names what is not sent: xent help design
    is the file cut off? This format was added to xent; what it must have: xent help design
    compute() returns a Measure: xent help design
    what a metric must have: xent help design
    a state has annotated fields of int, float, bool, str and NDArray, and of tuple[int, ...],
        list[int], dict[str, int] and the like
    a mean is of a fact that gives one number for each row: xent help design
    compute() returns a Measure of numbers, n a whole one: xent help design
    what a scheduler must have: xent help design
    what facts are: xent help design
    one that computes a Measure is one by register('mine', measure=True)
    a fact gives one number for each row: xent help design
    was it added to xent? It must be added for xent merge, too: xent help design
    a scheduler yields work(item) for each item, in their order: xent help design
    what a scheduler must have: xent help design
    from_rows changes the state of no rows: it returns another one
    MarginState is no dataclass and no named tuple
    a state has annotated fields of int, float, bool, str and NDArray, and of tuple[int, ...],
        list[int], dict[str, int] and the like
    merge changes a state that it is given: it returns another one
    merge with the state of no rows changes a state
    a mean is of a fact that gives one number for each row: xent help design
    a Measure whose n is 1.5
    the interval 2.0 to 1.0
    compute() returns a Measure of numbers, n a whole one: xent help design
    what facts are: xent help design
    one that computes a Measure is one by register('margin', measure=True)
baselines of several models, tested in test_cli_gates.py
    compare the same models again, or as many others in their order
measures of one model, tested in test_cli_compare_odd.py
    xent eval has ece, of one model
arrays of Python, tested in test_pipeline_public.py
    fill them: labels.filled(-100) leaves rows out
    base=list(...)
    give its name
    did you mean metrics?
labels of several models, tested in test_cli_compare_matching.py
    if they are, --labels FILE names the labels of all; rows with ids are matched by these
measures of two models and of a temperature, tested in test_cli_gates.py
    --fail-if 'loss_new > baseline + 2 se'
    --fail-if 'loss_after > baseline + 2 se'
temperatures far from 1, tested in test_pipeline_calibrate.py
    multiply or divide the logits by a number: the temperature changes by the same
weights in files of other columns, tested in test_cli_weights_and_groups.py
    in each file, leave them alone, or in one column beside the ids
weights of classes with an index, tested in test_cli_weights_of_classes.py
    write one row, with a column for each class that has its name; or the weights alone, in the
        order of the classes
classes numbered in another order, tested in test_cli_unnamed_classes.py
    say their order: --columns c_0,c_1,c_2
    name the classes of both files
groups beside labels in a pipe, tested in test_cli_eval_rows.py
    write it to a file, and name that
classes of several files in two orders, tested in test_cli_compare_matching.py
    name the classes in the order of its columns: --classes A,B,C
frames in Python, tested in test_pipeline_frames.py
    leave it out of the frame; if it is a class, give to_numpy()
    labels count columns: number these so, or give to_numpy()
    put the columns in the order of their numbers, or give to_numpy()
    frames go by place, as arrays: put both in one order, or give to_numpy() of each
    weights go by place, as the classes do: X=WEIGHT.reindex(CLASSES)
ids in arrays, tested in test_cli_array_ids.py
    put the rows of both files in the same order; the columns of CSV and Parquet are matched by id
an empty name or value, tested in test_cli_errors.py and test_cli_usage.py
    a variable of the shell that is not set is empty
enumerations of HDF5, tested in test_hdf5.py
    write the labels as text, or as numbers in the order of the classes
rows in a list in a pickle, tested in test_torch_batches.py
    in Python: numpy.stack makes rows of them, numpy.concatenate joins batches
numbers of HDF5 that stand for others, tested in test_hdf5.py
    xarray and netCDF4 unpack them: write what these read, as numpy.save does
    fill it in, or leave such rows out; label rows to leave out -100
a terminal
    -o FILE, or | cat
a library that is not installed
    the extra 'arrow' brings it: pip install pyarrow
a machine of too little memory
    ulimit -n shows how many may be
    --jobs 1 takes the least; what memory depends on: xent help files
    is there enough memory for it? ulimit -v says what may be taken
    TMPDIR=FOLDER names another folder; ulimit -f shows how large a file may be
a file that changes meanwhile
    something still writes it: run again when that is done
a server whose files change
    something replaced it: run again when that is done
a kind that the command line does not let through
    --plot-kind reliability|confusion|losses
a measure that is like none, and many numbers
    xent eval --metric all shows them all
    xent compare --metric all shows them all
    xent eval has ece, of one model
a server
    without it, only what is needed is read
a baseline of other models
    compare the same models again, or as many others in their order
a result that is no loss
    --output temperature.json
a file whose numbers are in others
    h5repack writes them into one file
"""

ELSEWHERE = [
    " ".join(map(str.strip, hint.splitlines()))
    for hint in re.findall(r"^    \S.*(?:\n        .*)*", _BY_WHAT_IT_TAKES, re.MULTILINE)
]
