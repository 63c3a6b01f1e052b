namespace TinyWorker.Dashboard.Access;

/// <summary>As who a request is let in.</summary>
internal enum Admission
{
    /// <summary>It is not.</summary>
    None,

    /// <summary>As everybody, because somebody said so aloud. Everybody may look.</summary>
    Anonymous,

    /// <summary>As the developer at this machine.</summary>
    Developer,

    /// <summary>By a policy.</summary>
    Authorized,
}
