namespace TinyWorker.Backends.Processes.Errors;

/// <summary>What travelled of one exception. Its inner ones are rebuilt already.</summary>
/// <param name="AssemblyQualifiedName">Where to find its type; null if it cannot be found by a name.</param>
/// <param name="TypeName">How its type is called.</param>
/// <param name="Message">Its <see cref="Exception.Message"/>.</param>
/// <param name="RawMessage">What its constructor gave to <see cref="Exception"/>, to which its own Message may add; null if there is none, or
/// it could not be had.</param>
/// <param name="IsCut">Whether the messages are not whole, so that they cannot be compared.</param>
/// <param name="StackTrace">Null if it was never thrown.</param>
/// <param name="Properties">Those of its own that can be set or given to a constructor, as scalars.</param>
/// <param name="Data">As scalars.</param>
/// <param name="Inner">One, or those of an <see cref="AggregateException"/>.</param>
internal sealed record ExceptionRecord(
    string? AssemblyQualifiedName,
    string TypeName,
    string Message,
    string? RawMessage,
    bool IsCut,
    string? StackTrace,
    Dictionary<string, object?> Properties,
    List<KeyValuePair<object, object?>> Data,
    Exception[] Inner);
