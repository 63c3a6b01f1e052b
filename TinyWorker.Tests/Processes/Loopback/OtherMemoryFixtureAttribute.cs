using System.Reflection;
using NUnit.Framework.Interfaces;
using NUnit.Framework.Internal;
using TinyWorker.Tests.Contract;

namespace TinyWorker.Tests.Processes.Loopback;

/// <summary>
/// A fixture without the tests that are marked by <see cref="SharesMemoryAttribute"/>: they are not listed as skipped, either.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class OtherMemoryFixtureAttribute : NUnitAttribute, IFixtureBuilder2
{
    private readonly TestFixtureAttribute _builder = new();

    public IEnumerable<TestSuite> BuildFrom(ITypeInfo typeInfo) => _builder.BuildFrom(typeInfo).Select(WithoutMarked);

    public IEnumerable<TestSuite> BuildFrom(ITypeInfo typeInfo, IPreFilter filter) =>
        _builder.BuildFrom(typeInfo, filter).Select(WithoutMarked);

    private static TestSuite WithoutMarked(TestSuite fixture)
    {
        for (var i = fixture.Tests.Count - 1; i >= 0; i--)
            if (fixture.Tests[i].Method!.MethodInfo.IsDefined(typeof(SharesMemoryAttribute))) fixture.Tests.RemoveAt(i);
        return fixture;
    }
}
