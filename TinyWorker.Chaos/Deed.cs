namespace TinyWorker.Chaos;

/// <summary>What a worker does with a parcel.</summary>
internal enum Deed
{
    /// <summary>Passes it on.</summary>
    Work,

    /// <summary>Throws.</summary>
    Throw,

    /// <summary>Works until its token asks it to stop.</summary>
    Obey,

    /// <summary>Never ends, whatever it is asked.</summary>
    Hang,

    /// <summary>Ends its process, one way or another, on every attempt.</summary>
    Die,

    /// <summary>Ends its process on the first attempt only.</summary>
    DieOnce,
}
