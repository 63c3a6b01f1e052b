namespace TinyWorker.Backends.Processes.Functions;

/// <summary>What comes next in the description of a function.</summary>
internal enum ValueKind : byte
{
    Null,

    /// <summary>An object that came before, by its number.</summary>
    Again,

    Function,

    /// <summary>The variables that lambdas share, which the compiler keeps in an object of a class that it makes for them.</summary>
    Closure,

    Type,

    Raw,

    Json,
}
